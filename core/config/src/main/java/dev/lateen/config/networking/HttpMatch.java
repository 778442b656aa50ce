package dev.lateen.config.networking;

import dev.lateen.config.Labels;
import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.Range;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Conditions on a request, all of which must hold (networking.istio.io HTTPMatchRequest).
 *
 * @param headers by name of the field, or by {@link ClaimName} at gateways
 * @param port the port the request was sent to; 0 for any
 * @param sourceLabels labels of the calling workload; sidecars only
 * @param gateways where this match holds, instead of the VirtualService's own list
 * @param ignoreUriCase compares exact and prefix conditions of {@code uri} without case
 * @param withoutHeaders header conditions that must not hold
 * @param sourceNamespace namespace of the calling workload; sidecars only
 * @param statPrefix names statistics of requests that match
 */
public record HttpMatch(
        String name,
        @Nullable StringMatch uri,
        @Nullable StringMatch scheme,
        @Nullable StringMatch method,
        @Nullable StringMatch authority,
        Map<String, StringMatch> headers,
        @Range(min = 0, max = 65535) int port,
        Map<String, String> sourceLabels,
        List<String> gateways,
        Map<String, StringMatch> queryParams,
        boolean ignoreUriCase,
        Map<String, StringMatch> withoutHeaders,
        String sourceNamespace,
        String statPrefix)
        implements Checked {
    /** These conditions, and that the request was sent to a port. */
    HttpMatch atPort(int number) {
        return new HttpMatch(
                name,
                uri,
                scheme,
                method,
                authority,
                headers,
                number,
                sourceLabels,
                gateways,
                queryParams,
                ignoreUriCase,
                withoutHeaders,
                sourceNamespace,
                statPrefix);
    }

    @Override
    public void check(Findings findings) {
        if (uri instanceof StringMatch.Prefix(var prefix) && prefix.isEmpty()) {
            findings.warning("uri.prefix", "is empty, as every path begins: leave out uri");
        } else {
            needsValue(uri, "uri", findings);
        }
        needsValue(scheme, "scheme", findings);
        needsValue(method, "method", findings);
        needsValue(authority, "authority", findings);
        headers.forEach((name, match) -> {
            fieldOrClaim(name, "headers[" + name + "]", findings);
            StringMatch.checkText(match, "headers[" + name + "]", findings);
        });
        withoutHeaders.forEach((name, match) -> {
            fieldOrClaim(name, "withoutHeaders[" + name + "]", findings);
            if (match instanceof StringMatch.Prefix) {
                StringMatch.checkText(match, "withoutHeaders[" + name + "]", findings);
            }
        });
        queryParams.forEach((name, match) -> StringMatch.checkText(match, "queryParams[" + name + "]", findings));
        Labels.check(sourceLabels, "sourceLabels", findings);
        GatewayNames.check(gateways, findings);
        if (!sourceNamespace.isEmpty() && !Labels.isDnsLabel(sourceNamespace)) {
            findings.error("sourceNamespace", "\"" + HostNames.shorten(sourceNamespace) + "\" is no namespace");
        }
        if (ignoreUriCase && uri == null) {
            findings.warning("ignoreUriCase", "has no effect without uri");
        }
    }

    private static void fieldOrClaim(String name, String field, Findings findings) {
        if (ClaimName.of(name) == null) {
            HeaderNames.checkMatch(name, field, findings);
        }
    }

    private static void needsValue(@Nullable StringMatch match, String field, Findings findings) {
        if (match instanceof StringMatch.Present) {
            findings.error(field, "one of exact, prefix, regex is required");
        } else if (match != null) {
            StringMatch.checkText(match, field, findings);
        }
    }
}
