# Onsale. `make run` sells the example arena; `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# What a bare Debian 12 with Swift still needs.
PACKAGES := libsqlite3-dev zlib1g-dev libqrencode-dev
RELEASE := .build/release/onsale
DEBUG := .build/debug/onsale
FANS ?= $(if $(LINE),50000,20000)
RUSH_SECONDS ?= 60
ROUNDS ?= 200

.PHONY: help setup build run rush test crash-test bench format lint clean

help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

## make run         build a release and sell the example arena at http://127.0.0.1:8080
run: build
	$(RELEASE) serve --demo

## make rush        send a crowd to the running server (FANS=20000 RUSH_SECONDS=60); with LINE=1 through a waiting room
rush: build
	$(RELEASE) rush $(if $(LINE),--line )--fans $(FANS) --seconds $(RUSH_SECONDS)

## make test        build for debugging, check the format, run every test
test: setup lint
	swift build --build-tests
	ONSALE_BINARY="$$PWD/$(DEBUG)" swift test --skip-build

## make crash-test  kill -9 a server under load, again and again (ROUNDS=200)
crash-test: build
	swift build --build-tests
	ONSALE_BINARY="$$PWD/$(RELEASE)" ONSALE_CRASH_ROUNDS=$(ROUNDS) swift test --skip-build --filter CrashTests

## make bench       measure everything that docs/BENCHMARKS.md tells of
bench: build
	cd Benchmarks && swift build -c release
	Benchmarks/run

## make format      format the source as CI wants it
format:
	swift format format --in-place --parallel --recursive Sources Tests Benchmarks/Sources Package.swift Benchmarks/Package.swift

lint:
	swift format lint --strict --parallel --recursive Sources Tests Benchmarks/Sources Package.swift Benchmarks/Package.swift

build: setup
	swift build -c release --product onsale

# Debian packages are installed where that is possible; elsewhere they are named.
setup:
	@command -v swift >/dev/null || { echo "Swift 6.1 or later is needed: https://www.swift.org/install"; exit 1; }
	@missing=""; for package in $(PACKAGES); do \
	  dpkg -s $$package >/dev/null 2>&1 || missing="$$missing $$package"; done; \
	if [ -n "$$missing" ]; then \
	  if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	    echo "Installing$$missing"; apt-get update -qq && apt-get install -y -qq $$missing; \
	  elif command -v apt-get >/dev/null && command -v sudo >/dev/null; then \
	    echo "Installing$$missing"; sudo apt-get update -qq && sudo apt-get install -y -qq $$missing; \
	  elif command -v brew >/dev/null; then true; \
	  else echo "Please install first (Debian's names):$$missing"; exit 1; fi; fi

clean:
	swift package clean
