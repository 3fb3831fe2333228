# The commands of every day. `just` lists them; the two that a newcomer needs are scripts/run and scripts/test.

# Every package at once: another selection would compile the dependencies again with other features.
all := "--workspace"

_default:
    @just --list --unsorted

# the demo: a server with a song in it
run *arguments:
    scripts/run {{arguments}}

# everything a build machine checks
test:
    scripts/test

# lints and types
check:
    cargo clippy {{all}} --all-targets

# the tests whose names contain the word
only word:
    cargo nextest run {{all}} {{word}}

# the rules of the house alone
tidy:
    cargo nextest run {{all}} -E 'binary(tidy)'

# fuzz the readers of outside bytes, so many minutes each
fuzz minutes="1":
    scripts/fuzz {{minutes}}

# write the sources in their one form
format:
    cargo fmt --all

# browser, nginx, strace, cargo-nextest and cargo-deny, for the parts that are skipped without them
install:
    scripts/install build checks
