// Package command finds out how to start a plugin: one that is an executable, and one in
// another language, which is a folder.
//
//	argv, err := command.Of("./plugins/mine")
package command

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/fusemoe/fusemoe/sdk"
)

// File is the file in a plugin's folder that says how to start it.
const File = "plugin.json"

const example = `{"command": ["python3", "main.py"]}`

// Of returns what starts the plugin at path: the executable there, or the command in the
// plugin.json of the folder there, such as
//
//	{"command": ["python3", "main.py"]}
//
// A word of it that names something in the folder stands for that, with its full path: the
// plugin runs where fusemoe does, so that paths in its config mean what they mean there. A
// program without a slash is looked for in $PATH. The first word is an absolute path.
func Of(path string) ([]string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("plugin %s: %w", path, err)
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("plugin %s: %w", path, reason(err))
	case info.IsDir():
		argv, err := ofFolder(path)
		if err != nil {
			return nil, fmt.Errorf("plugin %s: %w", path, err)
		}
		return argv, nil
	case info.Mode()&0o111 == 0:
		return nil, fmt.Errorf("plugin %s: it is not an executable file; make it one with chmod +x, "+
			"or put it into a folder with a %s", path, File)
	}
	return []string{path}, nil
}

// reason drops the path of an error of the file system, which the sentence has already.
func reason(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}

func ofFolder(dir string) ([]string, error) {
	text, err := os.ReadFile(filepath.Join(dir, File))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("the folder has no %s; %s", File, instead(dir))
	}
	if err != nil {
		return nil, err
	}
	var said struct {
		Command []string `json:"command"`
	}
	if err := sdk.Decode(text, &said); err != nil {
		return nil, fmt.Errorf("%s: %w", File, err)
	}
	if len(said.Command) == 0 || said.Command[0] == "" {
		return nil, fmt.Errorf("%s: command: must be given, such as %s", File, example)
	}
	argv := make([]string, len(said.Command))
	for i, word := range said.Command {
		if argv[i], err = inFolder(dir, word); err != nil {
			return nil, fmt.Errorf("%s: command[%d]: %w", File, i, err)
		}
	}
	if argv[0], err = program(argv[0]); err != nil {
		return nil, fmt.Errorf("%s: command[0]: %w", File, err)
	}
	return argv, nil
}

// instead is what to do about a folder that does not say how to start a plugin: it may be
// that of a program's source, with the program in it.
func instead(dir string) string {
	program := filepath.Join(dir, filepath.Base(dir))
	if info, err := os.Stat(program); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
		return "if the program in it is the plugin, name that: " + program
	}
	return "it says how to start the plugin, such as " + example
}

// inFolder is the full path of what the word names in the folder, or the word itself.
func inFolder(dir, word string) (string, error) {
	if !filepath.IsLocal(word) {
		if strings.HasPrefix(filepath.ToSlash(word), "../") {
			return "", fmt.Errorf("%s lies outside of the plugin's folder", word)
		}
		return word, nil
	}
	full := filepath.Join(dir, word)
	if _, err := os.Stat(full); err != nil {
		return word, nil //nolint:nilerr // then it is not a file of the folder
	}
	return full, nil
}

func program(word string) (string, error) {
	if !filepath.IsAbs(word) && strings.ContainsAny(word, `/\`) {
		return "", fmt.Errorf("there is no %s in the plugin's folder", word)
	}
	found, err := exec.LookPath(word)
	if err != nil {
		return "", fmt.Errorf("%w; install it, or name the program with its full path", err)
	}
	return filepath.Abs(found)
}
