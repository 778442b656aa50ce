package dev.lateen.proxycore.rbac;

import dev.lateen.proxycore.Cidr;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.match.ClaimMatcher;
import dev.lateen.proxycore.match.HeaderMatcher;
import dev.lateen.proxycore.match.TextMatcher;
import io.envoyproxy.envoy.config.rbac.v3.MetadataSource;
import io.envoyproxy.envoy.config.rbac.v3.Permission;
import io.envoyproxy.envoy.config.rbac.v3.Principal;
import io.envoyproxy.envoy.config.rbac.v3.SourcedMetadata;
import io.envoyproxy.envoy.type.matcher.v3.PathMatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Makes conditions of permissions and principals ({@code envoy.config.rbac.v3}). */
final class ConditionCompiler {
    private ConditionCompiler() {}

    static Condition permissions(List<Permission> protos, Place at, String field) throws CompileException {
        List<Condition> parts = new ArrayList<>();
        for (int i = 0; i < protos.size(); i++) {
            parts.add(permission(protos.get(i), at.item(field, i)));
        }
        if (parts.isEmpty()) {
            throw at.field(field).refuse("at least one is needed");
        }
        return new Condition.Any(parts);
    }

    static Condition principals(List<Principal> protos, Place at, String field) throws CompileException {
        List<Condition> parts = new ArrayList<>();
        for (int i = 0; i < protos.size(); i++) {
            parts.add(principal(protos.get(i), at.item(field, i)));
        }
        if (parts.isEmpty()) {
            throw at.field(field).refuse("at least one is needed");
        }
        return new Condition.Any(parts);
    }

    @SuppressWarnings("deprecation") // control planes still send metadata where it once was
    private static Condition permission(Permission proto, Place at) throws CompileException {
        return switch (proto.getRuleCase()) {
            case AND_RULES -> all(permissions(proto.getAndRules().getRulesList(), at.field("and_rules"), "rules"));
            case OR_RULES -> permissions(proto.getOrRules().getRulesList(), at.field("or_rules"), "rules");
            case ANY -> new Condition.Always();
            case HEADER -> header(proto.getHeader(), at.field("header"));
            case URL_PATH -> path(proto.getUrlPath(), at.field("url_path"));
            case DESTINATION_IP ->
                new Condition.DestinationIp(Cidr.of(proto.getDestinationIp(), at.field("destination_ip")));
            case DESTINATION_PORT ->
                new Condition.DestinationPort(proto.getDestinationPort(), proto.getDestinationPort() + 1);
            case DESTINATION_PORT_RANGE ->
                new Condition.DestinationPort(
                        proto.getDestinationPortRange().getStart(),
                        proto.getDestinationPortRange().getEnd());
            case METADATA -> new Condition.Claim(ClaimMatcher.of(proto.getMetadata(), at.field("metadata")));
            case SOURCED_METADATA -> claim(proto.getSourcedMetadata(), at.field("sourced_metadata"));
            case NOT_RULE -> new Condition.Not(permission(proto.getNotRule(), at.field("not_rule")));
            case REQUESTED_SERVER_NAME ->
                new Condition.ServerName(
                        TextMatcher.of(proto.getRequestedServerName(), at.field("requested_server_name")));
            case MATCHER, URI_TEMPLATE, RULE_NOT_SET ->
                throw at.refuse("permission not supported: "
                        + proto.getRuleCase().name().toLowerCase(Locale.ROOT));
        };
    }

    /** The parts of a list that was compiled as alternatives, all of which are wanted here. */
    private static Condition all(Condition alternatives) {
        return alternatives instanceof Condition.Any(var parts) ? new Condition.All(parts) : alternatives;
    }

    @SuppressWarnings("deprecation") // Istio still sends the older forms
    private static Condition principal(Principal proto, Place at) throws CompileException {
        return switch (proto.getIdentifierCase()) {
            case AND_IDS -> all(principals(proto.getAndIds().getIdsList(), at.field("and_ids"), "ids"));
            case OR_IDS -> principals(proto.getOrIds().getIdsList(), at.field("or_ids"), "ids");
            case ANY -> new Condition.Always();
            case AUTHENTICATED ->
                new Condition.Authenticated(
                        proto.getAuthenticated().hasPrincipalName()
                                ? TextMatcher.of(
                                        proto.getAuthenticated().getPrincipalName(),
                                        at.field("authenticated").field("principal_name"))
                                : null);
            case SOURCE_IP -> new Condition.PeerIp(Cidr.of(proto.getSourceIp(), at.field("source_ip")));
            case DIRECT_REMOTE_IP ->
                new Condition.PeerIp(Cidr.of(proto.getDirectRemoteIp(), at.field("direct_remote_ip")));
            case REMOTE_IP -> new Condition.ClientIp(Cidr.of(proto.getRemoteIp(), at.field("remote_ip")));
            case HEADER -> header(proto.getHeader(), at.field("header"));
            case URL_PATH -> path(proto.getUrlPath(), at.field("url_path"));
            case METADATA -> new Condition.Claim(ClaimMatcher.of(proto.getMetadata(), at.field("metadata")));
            case SOURCED_METADATA -> claim(proto.getSourcedMetadata(), at.field("sourced_metadata"));
            case NOT_ID -> new Condition.Not(principal(proto.getNotId(), at.field("not_id")));
            case FILTER_STATE -> filterState(proto, at.field("filter_state"));
            case CUSTOM, IDENTIFIER_NOT_SET ->
                throw at.refuse("principal not supported: "
                        + proto.getIdentifierCase().name().toLowerCase(Locale.ROOT));
        };
    }

    /** Istio's own filter leaves the peer's principal there; here it is that of the certificate. */
    private static Condition filterState(Principal proto, Place at) throws CompileException {
        var state = proto.getFilterState();
        if (!state.getKey().equals("io.istio.peer_principal") || !state.hasStringMatch()) {
            throw at.refuse("filter state not supported: \"" + state.getKey() + "\"");
        }
        return new Condition.Authenticated(TextMatcher.of(state.getStringMatch(), at.field("string_match")));
    }

    private static Condition header(io.envoyproxy.envoy.config.route.v3.HeaderMatcher proto, Place at)
            throws CompileException {
        return new Condition.Header(proto.getName().toLowerCase(Locale.ROOT), HeaderMatcher.of(proto, at));
    }

    private static Condition path(PathMatcher proto, Place at) throws CompileException {
        return new Condition.Path(TextMatcher.of(proto.getPath(), at.field("path")));
    }

    private static Condition claim(SourcedMetadata proto, Place at) throws CompileException {
        if (proto.getMetadataSource() != MetadataSource.DYNAMIC) {
            throw at.field("metadata_source").refuse("not supported: " + proto.getMetadataSource());
        }
        return new Condition.Claim(ClaimMatcher.of(proto.getMetadataMatcher(), at.field("metadata_matcher")));
    }
}
