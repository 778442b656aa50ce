package dev.lateen.proxycore;

/**
 * Why a stream did not end as the app would have ended it: Envoy's response flags with their short and long names
 * (Envoy documentation, access logging, {@code %RESPONSE_FLAGS%} and {@code %RESPONSE_FLAGS_LONG%}).
 *
 * <p>A stream's flags are kept as a {@code long} of {@link #bit}s.
 */
public enum ResponseFlag {
    LH("FailedLocalHealthCheck"),
    UH("NoHealthyUpstream"),
    UT("UpstreamRequestTimeout"),
    LR("LocalReset"),
    UR("UpstreamRemoteReset"),
    UF("UpstreamConnectionFailure"),
    UC("UpstreamConnectionTermination"),
    UO("UpstreamOverflow"),
    NR("NoRouteFound"),
    DI("DelayInjected"),
    FI("FaultInjected"),
    RL("RateLimited"),
    UAEX("UnauthorizedExternalService"),
    RLSE("RateLimitServiceError"),
    DC("DownstreamConnectionTermination"),
    URX("UpstreamRetryLimitExceeded"),
    SI("StreamIdleTimeout"),
    IH("InvalidEnvoyRequestHeaders"),
    DPE("DownstreamProtocolError"),
    UMSDR("UpstreamMaxStreamDurationReached"),
    RFCF("ResponseFromCacheFilter"),
    NFCF("NoFilterConfigFound"),
    DT("DurationTimeout"),
    UPE("UpstreamProtocolError"),
    NC("NoClusterFound"),
    OM("OverloadManagerTerminated"),
    DF("DnsResolutionFailed"),
    DO("DropOverload"),
    DR("DownstreamRemoteReset"),
    UDO("UnconditionalDropOverload");

    private static final ResponseFlag[] ALL = values();

    private final String longName;

    ResponseFlag(String longName) {
        this.longName = longName;
    }

    /** The name that {@code %RESPONSE_FLAGS%} prints. */
    public String shortName() {
        return name();
    }

    /** The name that {@code %RESPONSE_FLAGS_LONG%} prints. */
    public String longName() {
        return longName;
    }

    /** This flag in a set of flags. */
    @SuppressWarnings("EnumOrdinal") // the bit never leaves the process
    public long bit() {
        return 1L << ordinal();
    }

    /** Whether the set holds this flag. */
    public boolean in(long flags) {
        return (flags & bit()) != 0;
    }

    /** Short names joined by commas, {@code -} for none. */
    public static String shortNames(long flags) {
        return join(flags, false);
    }

    /** Long names joined by commas, {@code -} for none. */
    public static String longNames(long flags) {
        return join(flags, true);
    }

    private static String join(long flags, boolean longNames) {
        if (flags == 0) {
            return "-";
        }
        if (Long.bitCount(flags) == 1) {
            ResponseFlag only = ALL[Long.numberOfTrailingZeros(flags)];
            return longNames ? only.longName : only.name();
        }
        StringBuilder text = new StringBuilder();
        for (ResponseFlag flag : ALL) {
            if (flag.in(flags)) {
                text.append(text.isEmpty() ? "" : ",").append(longNames ? flag.longName : flag.name());
            }
        }
        return text.toString();
    }
}
