#compdef stratafs
# Completion of stratafs for zsh: `source <(stratafs completion zsh)` behind compinit, or a file _stratafs in a directory of
# $fpath. The command itself answers what may stand next.
_stratafs() {
  local -a names shown open
  local line name
  for line in ${(f)"$(${(Q)words[1]} __complete "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)"}; do
    case $line in
    :files) _files ;;
    :directories) _files -/ ;;
    */$'\t'*) open+=("${line%%$'\t'*}") ;;
    *)
      name=${line%%$'\t'*}
      names+=("$name")
      shown+=("$name${${line#*$'\t'}:+  -- ${line#*$'\t'}}")
      ;;
    esac
  done
  (($#open)) && compadd -S '' -- "${open[@]}"
  (($#names)) && compadd -l -d shown -- "${names[@]}"
}
if [[ $funcstack[1] == _stratafs ]]; then _stratafs "$@"; else compdef _stratafs stratafs; fi
