# Short names for what contributors do. Users need only ./run.sh and ./test.sh.
.PHONY: check test test-long faults soak bench lock wheel docs fresh clean
UV ?= uv
COMPILE = $(UV) pip compile --quiet --universal --python-version 3.10 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header --upgrade pyproject.toml

check: ## the gates without the tests
	./test.sh --check
test: ## the gates and the tests, at most 10 minutes
	./test.sh
test-long: ## the long tests
	./test.sh -m long --timeout 900
faults: ## every fault there is, hours of it, with a table of what held
	./test.sh -m "" --timeout 1800 tests/faults tests/usb
soak: ## two hours of cameras to which everything happens; SOAK="--minutes 20" changes that
	./test.sh --setup-only
	.venv/bin/python -m benchmarks.soak $(SOAK)
bench: ## the numbers of docs/benchmarks.md: more than an hour, on a machine with nothing else to do
	for each in capture many latency finishing memory journal watching "watching --still" \
	  watch_many watch_latency "watch_latency --screen" watch_memory recall page page_idle page_h264 \
	  catalogue_browse zones_trial replay; do \
	  .venv/bin/python -m benchmarks.$$each || exit 1; done
lock: ## requirements/*.txt anew: newest versions, Python 3.10 to 3.13, x86_64 and aarch64 (needs uv)
	$(COMPILE) --group dev --output-file requirements/dev.txt
	$(COMPILE) --group build --constraint requirements/dev.txt --output-file requirements/run.txt
wheel: ## dist/*.whl
	./test.sh --setup-only
	.venv/bin/python -m build --wheel --no-isolation
docs: ## the pages that are made from the code
	./test.sh --setup-only
	.venv/bin/python -c 'from smartrec.config.reference import pages; \
	  [path.write_text(text) for path, text in pages().items()]'
	.venv/bin/python -m smartrec.app.doctor.troubleshooting > docs/guide/troubleshooting.md
	.venv/bin/python -m smartrec.app.envelope > docs/reference/events.schema.json
	.venv/bin/python -m smartrec.cli.reference
fresh: ## both commands on a new Debian 12 and a new Debian 13 (root, debootstrap)
	tools/fresh.sh bookworm
	tools/fresh.sh trixie
clean: ## everything that is made, but not the clips
	rm -rf .venv dist build .*_cache .hypothesis
