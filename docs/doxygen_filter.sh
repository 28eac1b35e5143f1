#!/bin/sh
# A public header as Doxygen wants it: the comment on top is the file's, one on a line of its own is about what follows, one behind a
# member is about that member. Headings, "/* ---- title ---- */", are for readers of the header and stay as they are.
exec sed \
  -e '1s|^/\* |/** @file\n * |' \
  -e '/^ *\/\* ---- /b' \
  -e 's|^\( *\)/\* |\1/** |' \
  -e 's|\([;,{}]\)  */\* |\1 /**< |' \
  "$1"
