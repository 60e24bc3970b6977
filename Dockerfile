# The program in an image of its own. Kept by hand: the tests do not build it.
FROM node:22-bookworm-slim AS node

FROM rust:1.94-slim-bookworm AS build
COPY --from=node /usr/local /usr/local
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev
WORKDIR /ax
COPY . .
RUN AX_UI=require cargo build --release --locked --bin ax

FROM debian:bookworm-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/ax --create-home ax
COPY --from=build /ax/target/release/ax /usr/local/bin/ax
USER ax
WORKDIR /var/lib/ax
VOLUME /var/lib/ax
ENV AX_DATA_DIR=/var/lib/ax AX_LISTEN=0.0.0.0:8000 AX_DEMO=false AX_LOG_FORMAT=json
EXPOSE 8000
# Whoever starts it makes a key first: without keys, ax listens on its own machine only.
ENTRYPOINT ["ax"]
CMD ["serve"]
