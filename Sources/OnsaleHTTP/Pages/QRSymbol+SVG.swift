import NIOCore
import OnsaleQR

extension QRSymbol {
    /// One path of horizontal runs, black on white whatever the page's colours.
    var svg: ByteBuffer {
        let path = runs.map { run in
            let (x, y) = (run.column + QRSymbol.quietZone, run.row + QRSymbol.quietZone)
            return "M\(x) \(y)h\(run.length)v1h-\(run.length)z"
        }
        return ByteBuffer(
            string: """
                <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(span) \(span)" shape-rendering="crispEdges">\
                <path fill="#fff" d="M0 0h\(span)v\(span)H0z"/><path d="\(path.joined())"/></svg>
                """)
    }
}
