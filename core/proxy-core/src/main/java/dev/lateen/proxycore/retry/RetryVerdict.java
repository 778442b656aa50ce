package dev.lateen.proxycore.retry;

/** Whether a try is made again (Envoy documentation, "HTTP routing", Retry semantics). */
public enum RetryVerdict {
    /** It stays as it is. */
    NO,
    /** Once more, after {@link RetryState#nextBackOff}. */
    RETRY,
    /** It would be made again, but the tries are used up: flag URX. */
    LIMIT_EXCEEDED,
    /** It would be made again, but too many retries are under way: flag UO. */
    OVERFLOW
}
