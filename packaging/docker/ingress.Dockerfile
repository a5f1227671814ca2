# F5's NGINX Ingress Controller (nginx/nginx-ingress, with NGINX open source on Debian) with the module:
#
#     docker build -f packaging/docker/ingress.Dockerfile --build-arg BASE=nginx/nginx-ingress:5.2.0 -t ingress-tokenban .
#
# Not run by the project's tests, which have no container engine. The ConfigMap of the controller then needs what
# packaging/kubernetes/ingress-configmap.yaml has.
ARG BASE=nginx/nginx-ingress:5.2.0
ARG RUST=1.90

FROM rust:${RUST}-slim-bookworm AS rust

FROM ${BASE} AS build
USER root
COPY --from=rust /usr/local/cargo /usr/local/cargo
COPY --from=rust /usr/local/rustup /usr/local/rustup
ENV PATH=/usr/local/cargo/bin:$PATH RUSTUP_HOME=/usr/local/rustup CARGO_HOME=/usr/local/cargo
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates curl gcc libc6-dev libclang-dev libpcre2-dev \
        libssl-dev make zlib1g-dev \
    && mkdir /nginx \
    && version=$(nginx -v 2>&1 | sed 's|.*nginx/\([0-9.]*\).*|\1|') \
    && curl -fsS "https://nginx.org/download/nginx-$version.tar.gz" | tar -xz --strip-components=1 -C /nginx
COPY . /tokenban
WORKDIR /tokenban
RUN make build NGINX_SOURCE=/nginx && make install DESTDIR=/out PREFIX=/usr

FROM ${BASE}
USER root
COPY --from=build /out/usr /usr
# The controller runs NGINX as its own user, 101.
RUN install -d -o 101 -g 101 -m 750 /var/lib/tokenban
USER 101
ENV TOKENBAN_STORE=/var/lib/tokenban/store
