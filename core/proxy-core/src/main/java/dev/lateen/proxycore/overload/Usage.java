package dev.lateen.proxycore.overload;

/**
 * How much of a resource is in use, in bytes.
 *
 * @param limit how much there is; 0 or less when that is not known
 */
public record Usage(long used, long limit) {
    /** In percent of the limit, rounded down; 0 when there is none. */
    public int percent() {
        return limit <= 0 ? 0 : (int) Math.min(Integer.MAX_VALUE, used * 100.0 / limit);
    }
}
