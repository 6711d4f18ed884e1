#!/bin/sh
# Stands for an attn-opt that crashes.
cat >/dev/null
kill -SEGV $$
