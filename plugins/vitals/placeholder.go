// Package vitals is a placeholder for the plugin of that name.
package vitals

import "github.com/fusemoe/fusemoe/sdk"

// New has nothing to return yet.
func New() sdk.Modality { return nil }
