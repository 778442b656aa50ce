package dev.lateen.proxycore.head;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Header or trailer fields in wire order, with the case of names as received.
 *
 * <p>All bytes live in one arena; a field is four numbers that point into it. A codec copies a header block into the
 * arena once ({@link #reserve}, {@link #array}, {@link #addSlice}) and no text is made until someone asks
 * ({@link #value}). Text is the ISO-8859-1 reading of the bytes, one character per byte, so that no byte is lost
 * (RFC 9110 section 5.5). Names compare without regard to case, values byte by byte.
 *
 * <p>Not thread-safe: one owner at a time. {@link #clear} makes an instance ready for reuse with its memory kept.
 */
public final class Fields {
    static final int MAX_NAME_LENGTH = 0xFFFF;
    private static final int STRIDE = 4;

    private byte[] arena;
    private int used;
    private int[] index;
    private int count;

    /** Empty fields with room for a usual header block. */
    public Fields() {
        this(1024, 24);
    }

    /** Empty fields with room for so many bytes and so many fields; both grow when needed. */
    public Fields(int bytes, int fields) {
        arena = new byte[Math.max(16, bytes)];
        index = new int[Math.max(4, fields) * STRIDE];
    }

    /** Number of fields. */
    public int size() {
        return count;
    }

    public boolean isEmpty() {
        return count == 0;
    }

    /** Bytes of all names and values, without separators. */
    public int byteSize() {
        int sum = 0;
        for (int i = 0; i < count; i++) {
            sum += nameLength(i) + valueLength(i);
        }
        return sum;
    }

    /** Removes everything, keeping the memory. */
    public void clear() {
        used = 0;
        count = 0;
    }

    // ---- the arena, for codecs

    /**
     * Makes room for {@code length} more bytes and returns the offset at which the caller writes them into
     * {@link #array}. The array may be another one after each call that adds bytes.
     */
    public int reserve(int length) {
        int start = used;
        ensure(length);
        used += length;
        return start;
    }

    /** The arena. Offsets of names and values point into it. */
    public byte[] array() {
        return arena;
    }

    /** Adds a field whose bytes are already in the arena. */
    public void addSlice(int nameOffset, int nameLength, int valueOffset, int valueLength) {
        if (nameLength <= 0 || nameLength > MAX_NAME_LENGTH) {
            throw new IllegalArgumentException("field name of " + nameLength + " bytes");
        }
        if (count * STRIDE == index.length) {
            index = Arrays.copyOf(index, index.length * 2);
        }
        int at = count * STRIDE;
        index[at] = signature(arena, nameOffset, nameLength);
        index[at + 1] = nameOffset;
        index[at + 2] = valueOffset;
        index[at + 3] = valueLength;
        count++;
    }

    public int nameOffset(int field) {
        return index[at(field) + 1];
    }

    public int nameLength(int field) {
        return index[at(field)] >>> 16;
    }

    public int valueOffset(int field) {
        return index[at(field) + 2];
    }

    public int valueLength(int field) {
        return index[at(field) + 3];
    }

    // ---- reading

    /** The name as received. */
    public String name(int field) {
        return new String(arena, nameOffset(field), nameLength(field), StandardCharsets.ISO_8859_1);
    }

    public String value(int field) {
        return new String(arena, valueOffset(field), valueLength(field), StandardCharsets.ISO_8859_1);
    }

    /** Whether this field has this name, whatever the case. */
    public boolean named(int field, FieldName name) {
        int at = at(field);
        return index[at] == name.signature && equalsLower(index[at + 1], name.bytes);
    }

    /** The first field of this name, or -1. */
    public int find(FieldName name) {
        return find(name, 0);
    }

    /** The first field of this name at or after position {@code from}, or -1. */
    public int find(FieldName name, int from) {
        int signature = name.signature;
        for (int i = from, at = from * STRIDE; i < count; i++, at += STRIDE) {
            if (index[at] == signature && equalsLower(index[at + 1], name.bytes)) {
                return i;
            }
        }
        return -1;
    }

    public boolean contains(FieldName name) {
        return find(name, 0) >= 0;
    }

    /** The first value of this name, or null. */
    public @Nullable String get(FieldName name) {
        int i = find(name, 0);
        return i < 0 ? null : value(i);
    }

    /** All values of this name joined by a comma in wire order (as Envoy matches them), or null when there is none. */
    public @Nullable String joined(FieldName name) {
        int i = find(name, 0);
        if (i < 0) {
            return null;
        }
        String first = value(i);
        int next = find(name, i + 1);
        if (next < 0) {
            return first;
        }
        StringBuilder all = new StringBuilder(first);
        for (; next >= 0; next = find(name, next + 1)) {
            all.append(',').append(value(next));
        }
        return all.toString();
    }

    /** Whether the value is these bytes (ASCII text), compared byte by byte. */
    public boolean valueEquals(int field, byte[] expected) {
        int offset = valueOffset(field);
        return Arrays.equals(arena, offset, offset + valueLength(field), expected, 0, expected.length);
    }

    /** Whether a comma-separated list field of this name holds the token, whatever the case (RFC 9110 section 5.6.1). */
    public boolean hasToken(FieldName name, String lowerCaseToken) {
        for (int i = find(name, 0); i >= 0; i = find(name, i + 1)) {
            int p = valueOffset(i);
            int end = p + valueLength(i);
            while (p < end) {
                int comma = p;
                while (comma < end && arena[comma] != ',') {
                    comma++;
                }
                if (tokenEquals(p, comma, lowerCaseToken)) {
                    return true;
                }
                p = comma + 1;
            }
        }
        return false;
    }

    // ---- writing

    /** Adds a field at the end. */
    public void add(FieldName name, String value) {
        int nameOffset = append(name.bytes);
        int valueOffset = append(value);
        addSlice(nameOffset, name.bytes.length, valueOffset, value.length());
    }

    /** Adds a field at the end with the case of the name kept; the name must be a token. */
    public void add(String name, String value) {
        int nameOffset = append(name);
        int valueOffset = append(value);
        addSlice(nameOffset, name.length(), valueOffset, value.length());
    }

    /** Gives the name exactly one value: in the place of the first field of that name, or at the end. */
    public void set(FieldName name, String value) {
        int first = find(name, 0);
        if (first < 0) {
            add(name, value);
            return;
        }
        int valueOffset = append(value);
        index[first * STRIDE + 2] = valueOffset;
        index[first * STRIDE + 3] = value.length();
        removeFrom(name, first + 1);
    }

    /** Removes all fields of this name and returns how many there were. */
    public int remove(FieldName name) {
        return removeFrom(name, 0);
    }

    /** Removes the field at this position; later fields move up. */
    public void removeAt(int field) {
        int at = at(field);
        System.arraycopy(index, at + STRIDE, index, at, (count - field - 1) * STRIDE);
        count--;
    }

    /** Adds all fields of the other, bytes copied. */
    public void addAll(Fields other) {
        for (int i = 0; i < other.count; i++) {
            int nameLength = other.nameLength(i);
            int valueLength = other.valueLength(i);
            int start = reserve(nameLength + valueLength);
            System.arraycopy(other.arena, other.nameOffset(i), arena, start, nameLength);
            System.arraycopy(other.arena, other.valueOffset(i), arena, start + nameLength, valueLength);
            addSlice(start, nameLength, start + nameLength, valueLength);
        }
    }

    /** An independent copy. */
    public Fields copy() {
        Fields copy = new Fields(used, count);
        System.arraycopy(arena, 0, copy.arena, 0, used);
        copy.used = used;
        System.arraycopy(index, 0, copy.index, 0, count * STRIDE);
        copy.count = count;
        return copy;
    }

    /** One {@code name: value} per line, for people. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < count; i++) {
            text.append(name(i)).append(": ").append(value(i)).append('\n');
        }
        return text.toString();
    }

    // ---- inside

    /** Length, first and last byte: enough to skip nearly every other name without touching its bytes. */
    static int signature(byte[] bytes, int offset, int length) {
        return length << 16 | lower(bytes[offset]) << 8 | lower(bytes[offset + length - 1]);
    }

    private static int lower(byte b) {
        return b >= 'A' && b <= 'Z' ? b + 32 : b & 0xFF;
    }

    private boolean equalsLower(int offset, byte[] lowerCase) {
        byte[] bytes = arena;
        for (int i = 0; i < lowerCase.length; i++) {
            byte b = bytes[offset + i];
            if (b != lowerCase[i] && lower(b) != lowerCase[i]) {
                return false;
            }
        }
        return true;
    }

    private boolean tokenEquals(int from, int to, String lowerCaseToken) {
        int start = from;
        int end = to;
        while (start < end && (arena[start] == ' ' || arena[start] == '\t')) {
            start++;
        }
        while (end > start && (arena[end - 1] == ' ' || arena[end - 1] == '\t')) {
            end--;
        }
        if (end - start != lowerCaseToken.length()) {
            return false;
        }
        for (int i = 0; i < lowerCaseToken.length(); i++) {
            if (lower(arena[start + i]) != lowerCaseToken.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    private int removeFrom(FieldName name, int from) {
        int kept = from;
        for (int i = from; i < count; i++) {
            if (named(i, name)) {
                continue;
            }
            if (kept != i) {
                System.arraycopy(index, i * STRIDE, index, kept * STRIDE, STRIDE);
            }
            kept++;
        }
        int removed = count - kept;
        count = kept;
        return removed;
    }

    private int append(byte[] bytes) {
        int start = reserve(bytes.length);
        System.arraycopy(bytes, 0, arena, start, bytes.length);
        return start;
    }

    @SuppressWarnings("deprecation") // copies the low byte of each character, which is what ISO-8859-1 means
    private int append(String text) {
        int start = reserve(text.length());
        text.getBytes(0, text.length(), arena, start);
        return start;
    }

    private void ensure(int more) {
        if (arena.length - used < more) {
            arena = Arrays.copyOf(arena, Math.max(arena.length * 2, Math.addExact(used, more)));
        }
    }

    private int at(int field) {
        if (field < 0 || field >= count) {
            throw new IndexOutOfBoundsException("field " + field + " of " + count);
        }
        return field * STRIDE;
    }
}
