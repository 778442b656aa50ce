package dev.lateen.proxycore.listener;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Extensions;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.authorization.ConnectionAuthorization;
import dev.lateen.proxycore.rbac.AccessRules;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.extensions.filters.network.ext_authz.v3.ExtAuthz;
import io.envoyproxy.envoy.extensions.filters.network.rbac.v3.RBAC;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the filters of a chain before the last one say of its connections.
 *
 * @param access each of these must let a connection through
 * @param asked each of these services must do so too, where it is asked
 */
record ConnectionGuards(List<AccessRules> access, List<ConnectionAuthorization> asked) {
    /** The name by which network filters know what the one for rules of access tells. */
    private static final String RULES = "envoy.filters.network.rbac";

    /** Rules whose verdict is only told; compiled where somebody asks for it. */
    private record Told(io.envoyproxy.envoy.config.rbac.v3.RBAC rules, Place at) {}

    static ConnectionGuards of(List<Filter> protos, NetworkFilter last, Place at) throws CompileException {
        List<AccessRules> access = new ArrayList<>();
        List<ConnectionAuthorization> asked = new ArrayList<>();
        Map<String, Told> told = new HashMap<>();
        if (last instanceof UnconfiguredFilter) {
            return new ConnectionGuards(List.of(), List.of()); // no connection gets as far as that
        }
        for (int i = 0; i < protos.size() - 1; i++) {
            Filter proto = protos.get(i);
            Place here = at.item("filters", i).named(proto.getName());
            if (Extensions.isOfTelemetry(proto.getTypedConfig()) || NameLookup.is(proto)) {
                continue;
            }
            if (proto.getTypedConfig().is(ExtAuthz.class)) {
                if (!(last instanceof TcpProxy)) {
                    throw here.refuse(
                            "services are asked about connections whose content is not read, and of no others");
                }
                asked.add(ConnectionAuthorization.of(
                        here.unpack(proto.getTypedConfig(), ExtAuthz.class),
                        (filter, key) -> chooser(filter.equals(RULES) ? told.get(key) : null),
                        here));
            } else if (proto.getTypedConfig().is(RBAC.class)) {
                RBAC rbac = here.unpack(proto.getTypedConfig(), RBAC.class);
                if (rbac.hasRules()) {
                    access.add(AccessRules.of(rbac.getRules(), here.field("rules")));
                }
                if (rbac.hasShadowRules()) {
                    told.put(
                            rbac.getShadowRulesStatPrefix() + "shadow_effective_policy_id",
                            new Told(rbac.getShadowRules(), here.field("shadow_rules")));
                }
            } else {
                throw here.refuse("unknown network filter: " + Extensions.typeName(proto.getTypedConfig()));
            }
        }
        return new ConnectionGuards(List.copyOf(access), List.copyOf(asked));
    }

    private static @Nullable AccessRules chooser(@Nullable Told told) throws CompileException {
        return told == null ? null : AccessRules.of(told.rules, told.at);
    }
}
