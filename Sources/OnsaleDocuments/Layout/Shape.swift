/// A colour of the page, as `#rrggbb` has it.
package struct Colour: Hashable, Sendable {
    package let rgb: UInt32

    package static let ink = Colour(rgb: 0x14171f)
    static let soft = Colour(rgb: 0x4d5566)
    static let line = Colour(rgb: 0xd5d9e2)
    static let accent = Colour(rgb: 0x4338ca)
    static let paper = Colour(rgb: 0xffffff)
}

/// What is drawn along or within a path, in millimetres.
package struct Shape: Hashable, Sendable {
    package enum Step: Hashable, Sendable {
        case move(Double, Double)
        case line(Double, Double)
        /// A cubic Bézier curve: two control points and the end.
        case curve(Double, Double, Double, Double, Double, Double)
        case close
    }

    package struct Stroke: Hashable, Sendable {
        package let colour: Colour
        package let width: Double
        /// Lengths of dashes and of gaps, in turn; round if the dashes have none.
        package var dashes: [Double] = []
    }

    package let path: [Step]
    package var fill: Colour?
    package var stroke: Stroke?
}

extension Shape {
    static func line(from start: (Double, Double), to end: (Double, Double), _ stroke: Stroke) -> Shape {
        Shape(path: [.move(start.0, start.1), .line(end.0, end.1)], stroke: stroke)
    }

    static func dot(_ x: Double, _ y: Double, radius: Double, _ colour: Colour) -> Shape {
        let arm = radius * arcArm
        return Shape(
            path: [
                .move(x + radius, y),
                .curve(x + radius, y + arm, x + arm, y + radius, x, y + radius),
                .curve(x - arm, y + radius, x - radius, y + arm, x - radius, y),
                .curve(x - radius, y - arm, x - arm, y - radius, x, y - radius),
                .curve(x + arm, y - radius, x + radius, y - arm, x + radius, y),
                .close,
            ], fill: colour)
    }

    /// The outline of a card with round corners, and with a notch above and below where its stub begins.
    /// - Parameter bottom: where the outline ends instead, with square corners and no notch.
    static func card(_ box: Box, radius r: Double, stub x: Double, notch n: Double, endingAt bottom: Double?) -> [Step]
    {
        let (cornerArm, notchArm) = (r * arcArm, n * arcArm)
        var path: [Step] = [
            .move(box.x + r, box.y),
            .line(x - n, box.y),
            .curve(x - n, box.y + notchArm, x - notchArm, box.y + n, x, box.y + n),
            .curve(x + notchArm, box.y + n, x + n, box.y + notchArm, x + n, box.y),
            .line(box.right - r, box.y),
            .curve(box.right - r + cornerArm, box.y, box.right, box.y + r - cornerArm, box.right, box.y + r),
        ]
        if let bottom {
            path += [.line(box.right, bottom), .line(box.x, bottom)]
        } else {
            let end = box.bottom
            path += [
                .line(box.right, end - r),
                .curve(box.right, end - r + cornerArm, box.right - r + cornerArm, end, box.right - r, end),
                .line(x + n, end),
                .curve(x + n, end - notchArm, x + notchArm, end - n, x, end - n),
                .curve(x - notchArm, end - n, x - n, end - notchArm, x - n, end),
                .line(box.x + r, end),
                .curve(box.x + r - cornerArm, end, box.x, end - r + cornerArm, box.x, end - r),
            ]
        }
        path += [
            .line(box.x, box.y + r),
            .curve(box.x, box.y + r - cornerArm, box.x + r - cornerArm, box.y, box.x + r, box.y),
            .close,
        ]
        return path
    }

    /// How long the arms of a curve are that comes nearest to a quarter of a circle.
    private static let arcArm = 0.5523
}
