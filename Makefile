# make dev | test | soak | check | bench | clean
SHELL := /bin/bash

# Installed again only when the lockfile is newer than what is installed.
node_modules/.package-lock.json: package-lock.json package.json
	npm ci --no-audit --no-fund --loglevel=error
	@touch node_modules/.package-lock.json

.PHONY: install build dev test soak check bench clean
install: node_modules/.package-lock.json

build: install
	npm run --silent build

dev: build
	node packages/cli/dist/main.js serve --addr 127.0.0.1:8080 --store sqlite:.joinery/dev.sqlite

test: build
	npm test

soak: build
	npm run soak

check: install
	npm run check

bench: build
	npm --prefix bench ci --no-audit --no-fund --loglevel=error
	npm run bench -- core

clean:
	rm -rf node_modules packages/*/dist examples/*/dist bench/node_modules
