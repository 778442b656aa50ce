package dev.lateen.proxycore;

import java.nio.charset.StandardCharsets;

/** The 64-bit hash xxHash (XXH64 of its public specification), by which Envoy builds and asks its hash tables. */
public final class Hash {
    private static final long P1 = 0x9E3779B185EBCA87L;
    private static final long P2 = 0xC2B2AE3D27D4EB4FL;
    private static final long P3 = 0x165667B19E3779F9L;
    private static final long P4 = 0x85EBCA77C2B2AE63L;
    private static final long P5 = 0x27D4EB2F165667C5L;

    private Hash() {}

    /** The hash of a byte text (one byte per character) with seed 0. */
    public static long of(String bytes) {
        return of(bytes.getBytes(StandardCharsets.ISO_8859_1), 0);
    }

    /** The hash of these bytes with a seed. */
    public static long of(byte[] data, long seed) {
        int length = data.length;
        int p = 0;
        long h;
        if (length >= 32) {
            long a = seed + P1 + P2;
            long b = seed + P2;
            long c = seed;
            long d = seed - P1;
            for (; p <= length - 32; p += 32) {
                a = round(a, word(data, p));
                b = round(b, word(data, p + 8));
                c = round(c, word(data, p + 16));
                d = round(d, word(data, p + 24));
            }
            h = Long.rotateLeft(a, 1) + Long.rotateLeft(b, 7) + Long.rotateLeft(c, 12) + Long.rotateLeft(d, 18);
            h = merge(merge(merge(merge(h, a), b), c), d);
        } else {
            h = seed + P5;
        }
        h += length;
        for (; p + 8 <= length; p += 8) {
            h = Long.rotateLeft(h ^ round(0, word(data, p)), 27) * P1 + P4;
        }
        if (p + 4 <= length) {
            h = Long.rotateLeft(h ^ half(data, p) * P1, 23) * P2 + P3;
            p += 4;
        }
        for (; p < length; p++) {
            h = Long.rotateLeft(h ^ (data[p] & 0xFFL) * P5, 11) * P1;
        }
        h = (h ^ h >>> 33) * P2;
        h = (h ^ h >>> 29) * P3;
        return h ^ h >>> 32;
    }

    private static long round(long lane, long input) {
        return Long.rotateLeft(lane + input * P2, 31) * P1;
    }

    private static long merge(long hash, long lane) {
        return (hash ^ round(0, lane)) * P1 + P4;
    }

    private static long word(byte[] data, int at) {
        return half(data, at) | (half(data, at + 4) << 32);
    }

    private static long half(byte[] data, int at) {
        return (data[at] & 0xFFL)
                | ((data[at + 1] & 0xFFL) << 8)
                | ((data[at + 2] & 0xFFL) << 16)
                | ((data[at + 3] & 0xFFL) << 24);
    }
}
