/**
 * Where each camera's tile lies. Pure.
 *
 * All pictures are equally high and as wide as their shape wants, so none has black bars; the number
 * of rows is the one that makes them largest.
 */

/**
 * @typedef {{left: number, top: number, width: number, height: number}} Place Of a tile, its caption included.
 */

/**
 * @param {number[]} shapes Width over height of each picture.
 * @param {{width: number, height: number}} room Height may be Infinity.
 * @param {number} gap Between tiles.
 * @param {number} caption Height of what stands below each picture.
 * @returns {Place[]}
 */
export function arrange(shapes, room, gap, caption) {
  let best = null;
  for (let columns = 1; columns <= shapes.length; columns += 1) {
    const rows = split(shapes, columns);
    const height = pictureHeight(rows, room, gap, caption);
    if (!best || height > best.height + 0.5) best = { rows, height };
  }
  return best ? places(best.rows, best.height, room, gap, caption) : [];
}

/**
 * All tiles below each other, as wide as the room; a picture is at most `room.height` high.
 * @param {number[]} shapes
 * @param {{width: number, height: number}} room
 * @param {number} gap
 * @param {number} caption
 * @returns {Place[]}
 */
export function stack(shapes, room, gap, caption) {
  let top = 0;
  return shapes.map((shape) => {
    const height = Math.round(Math.min(room.width / shape, room.height - caption));
    const width = height < room.height - caption ? room.width : Math.round(height * shape);
    const place = { left: Math.round((room.width - width) / 2), top, width, height: height + caption };
    top += place.height + gap;
    return place;
  });
}

function split(shapes, columns) {
  const rows = [];
  for (let first = 0; first < shapes.length; first += columns) rows.push(shapes.slice(first, first + columns));
  return rows;
}

function pictureHeight(rows, room, gap, caption) {
  const widest = rows.map((row) => (room.width - gap * (row.length - 1)) / row.reduce((sum, shape) => sum + shape, 0));
  const left = (room.height - gap * (rows.length - 1)) / rows.length - caption;
  return Math.max(16, Math.min(left, ...widest));
}

function places(rows, exact, room, gap, caption) {
  const height = Math.floor(exact);
  const used = rows.length * (height + caption) + gap * (rows.length - 1);
  let top = Number.isFinite(room.height) ? Math.max(0, Math.floor((room.height - used) / 2)) : 0;
  return rows.flatMap((row) => {
    const widths = row.map((shape) => Math.floor(height * shape));
    let left = Math.floor((room.width - widths.reduce((sum, width) => sum + width, gap * (row.length - 1))) / 2);
    const laid = widths.map((width) => {
      const place = { left: Math.max(0, left), top, width, height: height + caption };
      left += width + gap;
      return place;
    });
    top += height + caption + gap;
    return laid;
  });
}
