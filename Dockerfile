# The gateway in a container:  docker build -t hongyan .
#   docker run -v ./hongyan:/etc/hongyan -p 127.0.0.1:8080:8080 hongyan
# The configuration is /etc/hongyan/hongyan.toml; let it say  listen = "0.0.0.0:8080"  and keep `data` below /var/lib/hongyan
# or on a MySQL server.
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --locked --profile dist -p hongyan-cli

FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --home-dir /var/lib/hongyan --create-home hongyan
COPY --from=build /src/target/dist/hongyan /usr/local/bin/hongyan
USER hongyan
WORKDIR /var/lib/hongyan
ENV HONGYAN_CONFIG=/etc/hongyan/hongyan.toml HONGYAN_LOG_FORMAT=json
VOLUME /var/lib/hongyan
EXPOSE 8080
# SIGTERM lets what was accepted finish, up to 18 seconds: give `docker stop --time 20`.
STOPSIGNAL SIGTERM
ENTRYPOINT ["hongyan"]
CMD ["serve"]
