package dev.lateen.proxycore.authorization;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.ConnectionFacts;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.match.MetadataMatcher;
import dev.lateen.proxycore.rbac.Access;
import dev.lateen.proxycore.rbac.AccessRules;
import io.envoyproxy.envoy.extensions.filters.network.ext_authz.v3.ExtAuthz;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Asks a service whether a connection may begin whose content is not read ({@code
 * envoy.extensions.filters.network.ext_authz.v3.ExtAuthz}). Immutable.
 *
 * @param service whom
 * @param failureAllows whether connections begin while the service does not answer
 * @param sendsCertificate whether it sees the client's certificate
 * @param chooser rules of which one must match for it to be asked
 * @param condition which of them; null to ask about every connection
 */
public record ConnectionAuthorization(
        GrpcService service,
        boolean failureAllows,
        boolean sendsCertificate,
        AccessRules chooser,
        @Nullable MetadataMatcher condition) {

    /** Rules of a filter before this one, by the key under which it says which of them matched. */
    @FunctionalInterface
    public interface Choosers {
        /** @return null when no filter says something under this key */
        @Nullable
        AccessRules of(String filter, String key) throws CompileException;
    }

    /** Compiles the filter. */
    public static ConnectionAuthorization of(ExtAuthz proto, Choosers choosers, Place at) throws CompileException {
        AccessRules chooser = AccessRules.NONE;
        MetadataMatcher condition = null;
        if (proto.hasFilterEnabledMetadata()) {
            Place here = at.field("filter_enabled_metadata");
            condition = MetadataMatcher.of(proto.getFilterEnabledMetadata(), here);
            String key = condition.path().getFirst();
            AccessRules found = choosers.of(condition.filter(), key);
            if (found == null) {
                throw here.refuse("no filter before it says " + key + " of " + condition.filter());
            }
            chooser = found;
        }
        return new ConnectionAuthorization(
                GrpcService.of(proto.getGrpcService(), at.field("grpc_service")),
                proto.getFailureModeAllow(),
                proto.getIncludePeerCertificate(),
                chooser,
                condition);
    }

    /** Whether the service is asked about a connection. */
    public boolean concerns(ConnectionFacts facts) {
        if (condition == null) {
            return true;
        }
        String policy = chooser.decide(Access.of(facts)).policy();
        return condition.matches(
                policy.isEmpty() ? Map.of() : Map.of(condition.path().getFirst(), policy));
    }
}
