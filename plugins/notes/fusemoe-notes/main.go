// Command fusemoe-notes is the notes plugin as a program of its own.
package main

import (
	"github.com/fusemoe/fusemoe/plugins/notes"
	"github.com/fusemoe/fusemoe/sdk"
)

func main() { sdk.Serve(notes.New()) }
