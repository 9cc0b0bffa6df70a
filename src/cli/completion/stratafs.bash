# Completion of stratafs for bash: `eval "$(stratafs completion bash)"`, or a file `stratafs` in
# /usr/share/bash-completion/completions. The command itself answers what may stand next.
_stratafs() {
  local words=() rest=${COMP_LINE:0:COMP_POINT} part i
  # Bash parts words at ":" and "=" too; here a word ends at a blank.
  for ((i = 0; i <= COMP_CWORD; i++)); do
    part=${COMP_WORDS[i]}
    if ((i == 0)) || [[ $rest == [[:blank:]]* ]]; then
      words+=('')
      rest=${rest#"${rest%%[![:blank:]]*}"}
    fi
    # Of the last one, what stands before the cursor.
    ((i == COMP_CWORD)) && part=$rest
    words[${#words[@]} - 1]+=$part
    rest=${rest#"$part"}
  done
  # What stands before the last ":" or "=" is not bash's to replace, where these part words.
  local last=${words[${#words[@]} - 1]} breaks=${COMP_WORDBREAKS//[^:=]/} kept='' line word shell=
  [[ -z $breaks ]] || kept=${last%"${last##*[$breaks]}"}
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
    :files | :directories) shell=${line#:} ;;
    *)
      word=${line%%$'\t'*}
      printf -v word %q "${word#"$kept"}"
      COMPREPLY+=("$word")
      ;;
    esac
  done < <("${words[0]/#\~/$HOME}" __complete "${words[@]:1}" 2>/dev/null)
  case $shell in
  files | directories)
    compopt -o filenames
    [[ $shell == files ]] && shell=-f || shell=-d
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen "$shell" -- "${last#"$kept"}")
    ;;
  *) [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == */ ]] && compopt -o nospace ;;
  esac
  return 0
}
complete -F _stratafs stratafs
