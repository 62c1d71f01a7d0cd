package main

import (
	"bytes"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"math"
)

// demoLogo draws a logo for an application of the demo, as PNG: three bars on a
// round tile, of a colour and heights that come from its name.
func demoLogo(name string) []byte {
	const side, radius = 128, 30
	seed := crc32.ChecksumIEEE([]byte(name))
	from, to := hue(float64(seed%360)), hue(float64(seed%360)+50)
	logo := image.NewNRGBA(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			// How far the pixel is outside of the tile: a rounded square.
			dx := math.Max(math.Abs(float64(x)-side/2+.5)-(side/2-radius), 0)
			dy := math.Max(math.Abs(float64(y)-side/2+.5)-(side/2-radius), 0)
			cover := math.Min(math.Max(radius-math.Hypot(dx, dy), 0), 1)
			c := mix(from, to, float64(x+y)/(2*side))
			if bar := (x - 31) / 25; x >= 31 && (x-31)%25 < 16 && bar < 3 {
				if top := 40 + int(seed>>(8*bar)%40); y >= top && y < 96 {
					c = color.NRGBA{R: 255, G: 255, B: 255}
				}
			}
			c.A = uint8(255 * cover)
			logo.SetNRGBA(x, y, c)
		}
	}
	var encoded bytes.Buffer
	if err := png.Encode(&encoded, logo); err != nil {
		panic(err) // memory takes all
	}
	return encoded.Bytes()
}

// hue returns a colour of full strength at an angle of the colour circle.
func hue(degrees float64) color.NRGBA {
	channel := func(shift float64) uint8 {
		return uint8(140 + 90*math.Cos((degrees-shift)*math.Pi/180))
	}
	return color.NRGBA{R: channel(0), G: channel(120), B: channel(240)}
}

// mix returns a colour on the way from one to another.
func mix(a, b color.NRGBA, share float64) color.NRGBA {
	between := func(a, b uint8) uint8 { return uint8(float64(a) + share*(float64(b)-float64(a))) }
	return color.NRGBA{R: between(a.R, b.R), G: between(a.G, b.G), B: between(a.B, b.B)}
}
