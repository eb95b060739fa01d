package radiograph

// Image is a gray image.
type Image struct {
	Width, Height int
	// Pix has Height rows of Width values, from 0, black, to 1, white.
	Pix []float32
}

// New returns a black image.
func New(width, height int) *Image {
	return &Image{Width: width, Height: height, Pix: make([]float32, width*height)}
}

// Row is row y.
func (m *Image) Row(y int) []float32 { return m.Pix[y*m.Width : (y+1)*m.Width] }
