//go:build !unix

package sdk

import "os"

// exitWithChildren ends the process. Only Unix has process groups.
func exitWithChildren() { os.Exit(1) }
