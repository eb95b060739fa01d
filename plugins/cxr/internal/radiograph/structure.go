package radiograph

import (
	"encoding/binary"
	"strings"

	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/fusemoe/fusemoe/sdk"
)

// The DICOM library takes as much memory as a length field says before it reads, and
// follows sequences to any depth. So the lengths are followed here first, by the rules
// that the library goes by, and a file is only given to it if they add up.

const (
	// maxDepth is how deep sequences may lie in each other, items counted too. Those of
	// radiographs lie 6 deep.
	maxDepth = 32
	// maxHeader is the largest size of everything but the pixels, which the library
	// blows up to 16 times as much. Overlays and lookup tables take 2 MiB.
	maxHeader = 16 << 20
	// elementCost is what an element counts beside its value: the library needs some 200
	// bytes for each.
	elementCost = 32
)

// walk follows the lengths of a DICOM file.
type walk struct {
	data     []byte
	at       int
	implicit bool // whether elements leave out what type their value has
	header   int  // size so far
}

// transferSyntax checks the structure of a DICOM file up to its pixels and returns how
// these are coded.
func transferSyntax(data []byte) (string, error) {
	w := &walk{data: data, at: 128 + len("DICM")}
	syntax, err := w.meta()
	if err != nil {
		return "", err
	}
	if err := supported(syntax); err != nil {
		return "", err
	}
	w.implicit = syntax == implicitLittleEndian
	for {
		if w.at == len(data) {
			return "", &sdk.Diagnostic{Summary: "the DICOM file has no pixels", Detail: "leave it out: it is no image"}
		}
		t, err := w.element(len(data), 0)
		if err != nil {
			return "", err
		}
		if t == tag.PixelData {
			return syntax, nil
		}
	}
}

// meta follows the first group of elements, which says how the others are coded.
func (w *walk) meta() (syntax string, err error) {
	t, vr, length, err := w.head(len(w.data))
	if err != nil {
		return "", err
	}
	if t != tag.FileMetaInformationGroupLength || vr != "UL" || length != 4 || w.at+4 > len(w.data) {
		return "", damaged("DICOM", "no length of the first group")
	}
	n := binary.LittleEndian.Uint32(w.data[w.at:])
	w.at += 4
	if int64(n) > int64(len(w.data)-w.at) {
		return "", cutShort()
	}
	for end := w.at + int(n); w.at < end; {
		start := w.at
		t, err := w.element(end, 0)
		if err != nil {
			return "", err
		}
		if t == tag.TransferSyntaxUID && string(w.data[start+4:start+6]) == "UI" {
			syntax = strings.TrimRight(string(w.data[start+8:w.at]), " \x00")
		}
	}
	return syntax, nil
}

// element passes one element that ends before end and returns its tag.
func (w *walk) element(end, depth int) (tag.Tag, error) {
	t, vr, length, err := w.head(end)
	if err != nil {
		return t, err
	}
	if err := w.charge(elementCost, depth); err != nil {
		return t, err
	}
	undefined := length == tag.VLUndefinedLength
	if !undefined && int64(length) > int64(end-w.at) {
		return t, cutShort()
	}
	kind := tag.GetVRKind(t, vr)
	switch {
	case kind == tag.VRItem:
		return t, w.children(end, length, depth, tag.ItemDelimitationItem)
	case kind == tag.VRSequence, kind == tag.VRUnknown && undefined:
		return t, w.children(end, length, depth, tag.SequenceDelimitationItem)
	case undefined && (kind == tag.VRPixelData || kind == tag.VRBytes):
		return t, w.fragments(end, depth)
	case undefined:
		return t, damaged("DICOM", "a value without an end")
	}
	w.at += int(length)
	if t == tag.PixelData && depth == 0 {
		return t, nil
	}
	return t, w.charge(int(length), depth)
}

// charge counts n bytes of the header.
func (w *walk) charge(n, depth int) error {
	if w.header += n; depth > maxDepth || w.header > maxHeader {
		return damaged("DICOM", "the header is larger or deeper than any")
	}
	return nil
}

// head passes the tag, the type and the length of an element.
func (w *walk) head(end int) (t tag.Tag, vr string, length uint32, err error) {
	b := w.data[w.at:end]
	if len(b) < 8 {
		return t, "", 0, cutShort()
	}
	t = tag.Tag{Group: binary.LittleEndian.Uint16(b), Element: binary.LittleEndian.Uint16(b[2:])}
	if w.implicit || t == tag.Item {
		w.at += 8
		return t, impliedType(t), binary.LittleEndian.Uint32(b[4:]), nil
	}
	switch vr = string(b[4:6]); vr {
	case "NA", "OB", "OD", "OF", "OL", "OW", "SQ", "UN", "UC", "UR", "UT":
		if len(b) < 12 {
			return t, "", 0, cutShort()
		}
		w.at += 12
		return t, vr, binary.LittleEndian.Uint32(b[8:]), nil
	}
	w.at += 8
	if length = uint32(binary.LittleEndian.Uint16(b[6:])); length == 0xffff {
		length = tag.VLUndefinedLength
	}
	return t, vr, length, nil
}

// impliedType is the type of a value that does not say it.
func impliedType(t tag.Tag) string {
	if t == tag.OverlayData {
		return "OW"
	}
	if info, err := tag.Find(t); err == nil {
		return info.VRs[0]
	}
	return tag.UnknownVR
}

// children passes the items of a sequence, or the elements of an item: those within
// length, or if that is undefined up to the stop.
func (w *walk) children(end int, length uint32, depth int, stop tag.Tag) error {
	undefined := length == tag.VLUndefinedLength
	if !undefined {
		end = w.at + int(length)
	}
	for undefined || w.at < end {
		t, err := w.element(end, depth+1)
		switch {
		case err != nil:
			return err
		case undefined && t == stop:
			return nil
		case stop == tag.SequenceDelimitationItem && t != tag.Item:
			return damaged("DICOM", "a sequence with something else than items")
		}
	}
	return nil
}

// fragments passes the items that coded pixels are cut into.
func (w *walk) fragments(end, depth int) error {
	for {
		b := w.data[w.at:end]
		if len(b) < 8 {
			return cutShort()
		}
		t := tag.Tag{Group: binary.LittleEndian.Uint16(b), Element: binary.LittleEndian.Uint16(b[2:])}
		length := binary.LittleEndian.Uint32(b[4:])
		w.at += 8
		if err := w.charge(elementCost, depth); err != nil {
			return err
		}
		switch {
		case t == tag.SequenceDelimitationItem && length == 0:
			return nil
		case t != tag.Item || length == tag.VLUndefinedLength:
			return damaged("DICOM", "pixels in something else than items")
		case int64(length) > int64(end-w.at):
			return cutShort()
		}
		w.at += int(length)
		if depth > 0 { // an icon
			if err := w.charge(int(length), depth); err != nil {
				return err
			}
		}
	}
}

func cutShort() error { return damaged("DICOM", "it ends before what it announces") }
