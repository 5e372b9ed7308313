#!/usr/bin/env bash
# Man page and completions, made from the option table: each names every command and option, and works in its shell.
# usage: test_pages.sh PROGRAM SOURCE
PROGRAM=$1
source_dir=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck source=tests/tools/support.sh
. "$source_dir/tests/tools/support.sh"
cd "$work" || exit 1

"$PROGRAM" --man >twinloop.1; ok "--man"
for shell in bash zsh fish; do "$PROGRAM" --completion $shell >"completion.$shell"; ok "--completion $shell"; done
tl 0 help run && cp out run.help && tl 0 run --help && cmp -s out run.help; ok "help COMMAND is COMMAND --help"
tl 0 help && cp out all.help && tl 0 --help && cmp -s out all.help; ok "help is --help"
tl 2 help rnu && grep -q "did you mean 'run'" err; ok "help of no command: a hint"
"$PROGRAM" --version | grep -Eq '^twinloop [0-9]+\.[0-9]+\.[0-9]+$'; ok "--version"

# Every row of the table, read by another reader than the program's.
while read -r kind command option; do
  if [ "$kind" = COMMAND ]; then
    tl 0 "$command" --help; ok "$command --help"
    tl 0 --help && grep -q "^  $command" out; ok "--help names $command"
    grep -q "^\.It Cm $command" twinloop.1; ok "man page names $command"
    grep -qw "$command" completion.bash && grep -q "'$command:" completion.zsh && grep -q -- "-a $command " completion.fish; ok "completions name $command"
  elif [ "$command" = '*' ]; then
    tl 0 --help && grep -q -- "--$option" out; ok "--help names --$option"
    grep -q "^\.It .*Fl \\\\-$option" twinloop.1; ok "man page names --$option"
  else
    tl 0 "$command" --help && grep -q -- "--$option" out; ok "$command --help names --$option"
    awk -v command="$command" -v option="$option" '$2 == "Cm" {inside = $3 == command} inside && index($0, "Fl \\-" option) {found = 1} END {exit !found}' twinloop.1; ok "man page names $command --$option"
    grep -q "^    $command) options=.*--$option\b" completion.bash; ok "bash names $command --$option"
    awk -v command="$command" -v option="$option" '$1 == command ")" {inside = 1} inside && index($0, "--" option) {found = 1} /;;$/ {inside = 0} END {exit !found}' completion.zsh; ok "zsh names $command --$option"
    grep -q "subcommand_from $command'.* -l $option " completion.fish; ok "fish names $command --$option"
  fi
done < <(sed -nE 's/^COMMAND\("([a-z]+)".*/COMMAND \1/p; s/^OPTION\("([a-z*]+)", "([a-z]+)".*/OPTION \1 \2/p' "$source_dir/tools/cli/options.def")
[ $cases -ge 100 ]; ok "the table was read"

if command -v mandoc >/dev/null; then
  mandoc -Tlint twinloop.1 >lint 2>&1
  [ ! -s lint ] || cat lint
  [ ! -s lint ]; ok "mandoc finds no fault"
  mandoc -Tmarkdown twinloop.1 | grep "EXIT STATUS" >/dev/null; ok "mandoc shows the page"
else
  echo "SKIP: mandoc is missing"
fi

# bash: what Tab offers
if [ -r /usr/share/bash-completion/bash_completion ]; then
  touch here.lua
  complete_words() { # complete_words WORDS...: the last is being typed
    bash --norc -c '
      . /usr/share/bash-completion/bash_completion 2>/dev/null
      . ./completion.bash
      COMP_WORDS=(twinloop "$@") COMP_CWORD=$# COMPREPLY=()
      _twinloop 2>/dev/null
      printf "%s\n" "${COMPREPLY[@]}"' bash "$@"
  }
  complete_words ins >got; [ "$(cat got)" = inspect ]; ok "bash: commands"
  complete_words run --thr >got; [ "$(cat got)" = --threads ]; ok "bash: options"
  complete_words run --record e >got; [ "$(cat got)" = events ]; ok "bash: words of an option"
  complete_words run he >got; [ "$(cat got)" = here.lua ]; ok "bash: files"
  complete_words explain TL010 >got; grep -qx TL0103 got; ok "bash: codes"
  complete_words -q run --ver >got; grep -qx -- --verify got; ok "bash: after another option"
else
  echo "SKIP: bash-completion is missing"
fi
if command -v zsh >/dev/null; then zsh -n completion.zsh; ok "zsh reads it"; else echo "SKIP: zsh is missing"; fi
if command -v fish >/dev/null; then
  fish -c 'source completion.fish; complete -C "twinloop run --rec"' | grep -q "^--record"; ok "fish: options"
  fish -c 'source completion.fish; complete -C "twinloop ins"' | grep -q "^inspect"; ok "fish: commands"
else
  echo "SKIP: fish is missing"
fi
finish
