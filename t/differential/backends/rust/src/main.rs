//! Starts back ends in one process, a thread each: `backends NAME PORT [NAME PORT]...`.

mod actix_app;
mod axum_app;
mod report;

use std::thread;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let servers = words.chunks_exact(2).map(|pair| {
        let (name, port) = (pair[0].clone(), pair[1].parse().expect("a port"));
        thread::spawn(move || match name.as_str() {
            "actix" => actix_app::serve(port),
            _ => {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.expect("runtime").block_on(axum_app::serve(port));
            }
        })
    });
    servers.collect::<Vec<_>>().into_iter().for_each(|server| server.join().expect("server"));
}
