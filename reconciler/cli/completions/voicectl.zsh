#compdef voicectl
# Completion of voicectl for zsh: `source <(voicectl completion zsh)`, or as `_voicectl` in a folder of $fpath.
_voicectl() {
    local line word said
    local -a lines offered
    lines=("${(@f)$("${(Q)words[1]/#\~/$HOME}" __complete zsh $((CURRENT - 1)) "${(@Q)words}" 2>/dev/null)}")
    case ${lines[1]} in
        files) [[ $PREFIX == --*=* ]] && compset -P '*='; _files ;;
        folders) [[ $PREFIX == --*=* ]] && compset -P '*='; _files -/ ;;
        words)
            for line in "${(@)lines[2,-1]}"; do
                word=${line%%$'\t'*}
                said=${line#*$'\t'}
                offered+=("${word//:/\\:}${said:+:$said}")  # an empty description is shown as a lone --
            done
            _describe -t voicectl voicectl offered
            ;;
    esac
}
if [[ ${funcstack[1]} == _voicectl ]]; then
    _voicectl "$@"
else
    (( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i; }
    compdef _voicectl voicectl
fi
