# Completion of stratafs for fish: `stratafs completion fish | source`, or a file stratafs.fish in
# ~/.config/fish/completions. The command itself answers what may stand next.
function __stratafs_complete
    set -l words (commandline -opc)
    set -l last (commandline -ct)
    for line in ($words[1] __complete $words[2..-1] "$last" 2>/dev/null)
        switch $line
            case :files
                __fish_complete_path "$last"
            case :directories
                __fish_complete_directories "$last" ''
            case '*'
                echo $line
        end
    end
end
complete -c stratafs -f -a '(__stratafs_complete)'
