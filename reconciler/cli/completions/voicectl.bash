# Completion of voicectl for bash: `source <(voicectl completion bash)`.
_voicectl() {
    local word first=1 kind=words
    COMPREPLY=()
    while IFS= read -r word; do
        if [ -n "$first" ]; then
            kind=$word first=
        else
            COMPREPLY+=("$(printf '%q' "${word%%$'\t'*}")")
        fi
    done < <("${1/#\~/$HOME}" __complete bash "$COMP_CWORD" "${COMP_WORDS[@]}" 2>/dev/null)
    case $kind in
        files) compopt -o default 2>/dev/null || COMPREPLY=($(compgen -f -- "$2")) ;;
        folders) compopt -o dirnames 2>/dev/null || COMPREPLY=($(compgen -d -- "$2")) ;;
    esac
}
complete -F _voicectl voicectl
