//! axum's extractors, and its cookie jar.

use axum::{
    body::{to_bytes, Body, Bytes},
    extract::{Form, FromRequest, FromRequestParts, Multipart, Query, Request},
    response::IntoResponse,
    Router,
};
use axum_extra::{
    extract::CookieJar,
    headers::{authorization::Basic, authorization::Bearer, Authorization},
    TypedHeader,
};

use crate::report::{latin1, Report};

type Pairs = Vec<(String, String)>;

async fn view(request: Request) -> impl IntoResponse {
    let mut report = Report::default();
    let (mut parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    report.body(&body);
    if let Ok(Query(pairs)) = Query::<Pairs>::try_from_uri(&parts.uri) {
        report.pairs("query", &pairs);
    }
    report.path(parts.uri.path());
    for cookie in CookieJar::from_headers(&parts.headers).iter() {
        report.add("cookie", cookie.name(), cookie.value());
    }
    for (name, value) in &parts.headers {
        report.header(name.as_str(), value.as_bytes());
    }
    if let Ok(TypedHeader(found)) = TypedHeader::<Authorization<Bearer>>::from_request_parts(&mut parts, &()).await {
        report.add("credentials", "", found.token());
    }
    if let Ok(TypedHeader(found)) = TypedHeader::<Authorization<Basic>>::from_request_parts(&mut parts, &()).await {
        report.add("basic_user", "", found.username());
        report.add("basic_password", "", found.password());
    }
    let again = |body: Bytes| Request::from_parts(parts.clone(), Body::from(body));
    if let Ok(Form(pairs)) = Form::<Pairs>::from_request(again(body.clone()), &()).await {
        report.pairs("form", &pairs);
    }
    if let Ok(form) = Multipart::from_request(again(body), &()).await {
        multipart(&mut report, form).await;
    }
    ([("Content-Type", "application/json")], report.text())
}

async fn multipart(report: &mut Report, mut form: Multipart) {
    while let Ok(Some(field)) = form.next_field().await {
        let name = field.name().unwrap_or_default().to_owned();
        let place = if field.file_name().is_none() { "multipart" } else { "file" };
        if let Ok(bytes) = field.bytes().await {
            report.add(place, &name, &latin1(&bytes));
        }
    }
}

pub async fn serve(port: u16) {
    let app = Router::new().fallback(view);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.expect("port");
    axum::serve(listener, app).await.expect("server");
}
