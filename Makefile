# make dev | test | soak | check | bench | clean
SHELL := /bin/bash

# Installed again only when the lockfile is newer than what is installed.
node_modules/.package-lock.json: package-lock.json package.json
	npm ci --no-audit --no-fund --loglevel=error
	@touch node_modules/.package-lock.json

.PHONY: install build dev test soak check bench clean test-tools
install: node_modules/.package-lock.json

build: install
	npm run --silent build

dev: build
	node packages/cli/dist/main.js serve --demo --addr 127.0.0.1:8080 --store sqlite:.joinery/dev.sqlite

# What the tests run against, installed when it is missing and the user may install. Otherwise the tests that need it fail and
# say how to get it. Debian begins a server of its own with the package; the tests do not want one.
test-tools:
	@command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || [ -n "$$JOINERY_POSTGRES_BIN" ] || \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		mkdir -p /etc/postgresql-common && echo 'create_main_cluster = false' >>/etc/postgresql-common/createcluster.conf; \
		apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends postgresql-15 || \
		DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends postgresql; \
	fi
	@command -v chromium chromium-browser google-chrome >/dev/null || [ -n "$$JOINERY_CHROMIUM" ] || \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends chromium; \
	fi

	@command -v promtool >/dev/null || [ -x .joinery-tools/usr/bin/promtool ] || [ -n "$$JOINERY_PROMTOOL" ] || \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		mkdir -p .joinery-tools/download && chmod 777 .joinery-tools/download && cd .joinery-tools/download && \
		{ apt-get download -q prometheus || { apt-get update -q && apt-get download -q prometheus; } } && \
		dpkg -x prometheus_*.deb .. && rm -rf ../download; \
	fi

test: build test-tools
	npm test

soak: build test-tools
	npm run soak

check: install
	npm run check

bench: build
	npm --prefix bench ci --no-audit --no-fund --loglevel=error
	npm run bench -- core

clean:
	rm -rf .joinery-tools node_modules packages/*/dist apps/*/dist examples/*/dist bench/node_modules
