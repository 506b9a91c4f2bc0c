# syntax=docker/dockerfile:1

# What runs: JavaScript made of the sources, as `npm pack` does it.
FROM node:24.21.0-trixie-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY .ci ./.ci
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN node .ci/prepack.mjs

FROM node:24.21.0-trixie-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:24.21.0-trixie-slim
LABEL org.opencontainers.image.title="Latchkey" \
      org.opencontainers.image.description="A self-hosted OpenID Connect identity provider whose tokens can be taken back." \
      org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production \
    LATCHKEY_CONFIG=/etc/latchkey/latchkey.yaml
WORKDIR /app
COPY package.json latchkey.mjs ./
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /build/dist ./dist
COPY views ./views
COPY config/latchkey.example.yaml config/schema.json ./config/
# The only places that are written to, so that the root file system may be read-only.
RUN mkdir data keys && chown node:node data keys && chmod 700 data keys
VOLUME ["/app/data", "/app/keys"]
USER node
EXPOSE 4000
# What a load balancer asks, too: 503 until the stores answer, and while the node drains.
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.LATCHKEY_HTTP_LISTEN_PORT ?? 4000}/readyz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# As process 1, node hears SIGTERM itself and drains.
ENTRYPOINT ["node", "latchkey.mjs"]
CMD ["start"]
