# Two commands matter: `make run` and `make test`. Both set the machine up first, and say what they need.

.PHONY: run test setup

run:
	@scripts/setup.sh run
	@scripts/run.sh

test:
	@scripts/setup.sh test
	@scripts/check.sh

setup:
	@scripts/setup.sh test
