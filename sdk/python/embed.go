// Package python carries the Python SDK, so that a new Python plugin can be given its own
// copy and needs nothing installed but grpcio, protobuf and numpy.
package python

import "embed"

// Package is the folder fusemoe that a Python plugin imports.
//
//go:embed fusemoe/*.py fusemoe/py.typed fusemoe/modality/*.py fusemoe/modality/v1/*.py fusemoe/modality/v1/*.pyi
var Package embed.FS
