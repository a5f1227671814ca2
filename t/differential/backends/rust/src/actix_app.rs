//! actix-web's extractors and cookies; its decompression, which is on by default.

use actix_multipart::Multipart;
use actix_web::{
    dev::Payload, web, App, FromRequest, HttpRequest, HttpResponse, HttpServer,
};
use futures_util::{stream, StreamExt};

use crate::report::{latin1, Report};

type Pairs = Vec<(String, String)>;

async fn view(request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let mut report = Report::default();
    report.body(&body);
    if let Ok(pairs) = web::Query::<Pairs>::from_query(request.query_string()) {
        report.pairs("query", &pairs);
    }
    report.path(request.path());
    report.path(request.match_info().query("path"));
    if let Ok(cookies) = request.cookies() {
        cookies.iter().for_each(|cookie| report.add("cookie", cookie.name(), cookie.value()));
    }
    for (name, value) in request.headers() {
        report.header(name.as_str(), value.as_bytes());
    }
    let mut payload = Payload::from(web::Bytes::clone(&body));
    if let Ok(web::Form(pairs)) = web::Form::<Pairs>::from_request(&request, &mut payload).await {
        report.pairs("form", &pairs);
    } else if let Ok(pairs) = serde_urlencoded::from_bytes::<Pairs>(&body) {
        report.pairs("form", &pairs);
    }
    multipart(&mut report, &request, body).await;
    HttpResponse::Ok().content_type("application/json").body(report.text())
}

async fn multipart(report: &mut Report, request: &HttpRequest, body: web::Bytes) {
    let chunks = stream::iter([Ok::<_, actix_web::error::PayloadError>(body)]);
    let mut form = Multipart::new(request.headers(), chunks);
    while let Some(Ok(mut field)) = form.next().await {
        let name = field.name().unwrap_or_default().to_owned();
        let is_file = field.content_disposition().is_some_and(|found| found.get_filename().is_some());
        let mut content = Vec::new();
        while let Some(Ok(chunk)) = field.next().await {
            content.extend_from_slice(&chunk);
        }
        report.add(if is_file { "file" } else { "multipart" }, &name, &latin1(&content));
    }
}

pub fn serve(port: u16) {
    let app = || {
        App::new()
            .app_data(web::PayloadConfig::new(1 << 26))
            .app_data(web::FormConfig::default().limit(1 << 26))
            .route("/{path:.*}", web::route().to(view))
    };
    let server = HttpServer::new(app).workers(1).bind(("127.0.0.1", port)).expect("port");
    actix_web::rt::System::new().block_on(server.run()).expect("server");
}
