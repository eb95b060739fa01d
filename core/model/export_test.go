package model

import "github.com/fusemoe/fusemoe/core/kernel"

// AllSteps makes a model compute every step to its end, whatever the pooling looks at.
func AllSteps[F kernel.Float](m *Model[F]) { m.lastStepAlone = false }
