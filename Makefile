# Two commands matter: `make run` and `make test`. Both set the machine up first, and say what they need.

.PHONY: run test setup nano-train nano-eval

run:
	@scripts/setup.sh run
	@scripts/run.sh

test:
	@scripts/setup.sh test
	@scripts/check.sh

setup:
	@scripts/setup.sh test

# The embedded model: trained from nothing, and measured on unseen clips (make nano-eval SEED=7).
nano-train:
	@scripts/nano.sh train
	@scripts/nano.sh export

nano-eval:
	@SEED=$(SEED) scripts/nano.sh eval
