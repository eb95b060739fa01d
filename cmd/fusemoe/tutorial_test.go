package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTheTutorialWorks does what docs/first-modality.md tells its reader to, in order and in
// one folder: it writes the files, runs the sh blocks, and looks for what a text block shows
// in what the commands before it have printed.
func TestTheTutorialWorks(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds a plugin and trains")
	}
	text, err := os.ReadFile("../../docs/first-modality.md")
	if err != nil {
		t.Fatal(err)
	}
	if err := forGo(t.Setenv); err != nil {
		t.Fatal(err)
	}
	python := findPython(t)
	r := &tutorialReader{dir: t.TempDir()}
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	for section := range strings.SplitSeq(string(text), "\n## ") {
		title, _, _ := strings.Cut(section, "\n")
		ok := t.Run(title, func(t *testing.T) {
			if strings.Contains(title, "Python") && !python {
				t.Skip(noPython)
			}
			r.follow(t, section)
		})
		if !ok {
			return // what follows builds on it
		}
	}
	if r.ran == 0 {
		t.Error("the tutorial has no commands")
	}
}

// asUser precedes the tutorial's commands. They are those of somebody who has a released
// fusemoe. Go could not download the version of this one, so that new plugins are given the
// checkout to build against.
const asUser = `set -e
fusemoe() {
	case "$1 $2" in
	"plugin new") command fusemoe "$@" --sdk "$CHECKOUT" ;;
	*) command fusemoe "$@" ;;
	esac
}
`

// codeBlock is a fenced block of Markdown. The first word after the fence is its language,
// the second, if any, the file that it is the content of.
var codeBlock = regexp.MustCompile("(?ms)^```(\\S+) ?(\\S*)\n(.*?)^```$")

// tutorialReader has a folder to work in, what its last commands have printed, and how many
// blocks of commands it has run.
type tutorialReader struct {
	dir, printed string
	ran          int
}

func (r *tutorialReader) follow(t *testing.T, section string) {
	t.Helper()
	for _, at := range codeBlock.FindAllStringSubmatchIndex(section, -1) {
		before, lang, file, code := section[:at[0]], section[at[2]:at[3]], section[at[4]:at[5]], section[at[6]:at[7]]
		switch {
		case file != "":
			// What follows the language is not shown to who reads the page.
			if !strings.Contains(before, "`"+file+"`") {
				t.Errorf("the text does not say that the block is the file %s", file)
			}
			r.write(t, file, code)
		case lang == "sh":
			r.run(t, code)
		case lang == "text":
			if !strings.Contains(r.printed, code) {
				t.Errorf("the commands before print\n%s\nand not\n%s", r.printed, code)
			}
		default:
			t.Errorf("a %s block that is no file, nothing to run and nothing printed:\n%s", lang, code)
		}
	}
}

func (r *tutorialReader) write(t *testing.T, file, content string) {
	t.Helper()
	to := filepath.Join(r.dir, filepath.FromSlash(file))
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (r *tutorialReader) run(t *testing.T, commands string) {
	t.Helper()
	cmd := exec.Command("sh", "-c", asUser+commands)
	var stdout, stderr bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = r.dir, &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v:\n%s\n%s%s", err, commands, &stdout, &stderr)
	}
	r.printed = stdout.String()
	r.ran++
}
