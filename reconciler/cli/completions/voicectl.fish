# Completion of voicectl for fish: `voicectl completion fish | source`.
function __voicectl_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l answer (command voicectl __complete fish (math (count $words) - 1) $words 2>/dev/null)
    switch "$answer[1]"
        case files
            __fish_complete_path (commandline -ct)
        case folders
            __fish_complete_directories (commandline -ct) ''
        case words
            test (count $answer) -gt 1; and printf '%s\n' $answer[2..-1]
    end
end
complete -c voicectl -f -a '(__voicectl_complete)'
