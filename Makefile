# What one does with this checkout. Each target is a script under scripts/ or one command.

export PATH := $(PATH):$(HOME)/.cargo/bin

.DEFAULT_GOAL := help
.PHONY: help run test soak bench fmt lint web clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s%s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## install what is missing, build, serve the demo city on PORT (8080)
	@scripts/run

test: ## everything that must hold before a change is taken
	@scripts/test

soak: ## the same with the long tests
	@IMGIS_SOAK=1 scripts/test

bench: ## measure speed; tables go to target/bench
	@scripts/setup
	@scripts/web
	@scripts/test-cluster cargo bench

fmt: ## format the Rust sources
	@cargo fmt

lint: ## clippy, the lints of the map application, shellcheck if it is installed
	@scripts/web
	@cargo clippy --release --all-targets -- -D warnings
	@cd web && npm run --silent check && npm run --silent lint
	@if command -v shellcheck > /dev/null; then shellcheck scripts/* .ci/run; fi

web: ## build the map application
	@scripts/web

clean: ## remove what was built
	@rm -rf web/dist web/node_modules web/test-results
	@cargo clean
