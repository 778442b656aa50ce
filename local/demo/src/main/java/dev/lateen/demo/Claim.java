package dev.lateen.demo;

/**
 * One claim of a chapter and what was seen.
 *
 * @param text what is claimed, in words
 * @param asked what must be seen
 * @param seen what was
 * @param holds whether that is enough
 */
public record Claim(String text, String asked, String seen, boolean holds) {
    /** A count that must lie within bounds, both included. */
    public static Claim within(String text, long low, long high, long seen) {
        String asked = low == high ? Long.toString(low) : low + " to " + high;
        return new Claim(text, asked, Long.toString(seen), low <= seen && seen <= high);
    }

    /** A count that must not be lower. */
    public static Claim atLeast(String text, long low, long seen) {
        return new Claim(text, "at least " + low, Long.toString(seen), seen >= low);
    }
}
