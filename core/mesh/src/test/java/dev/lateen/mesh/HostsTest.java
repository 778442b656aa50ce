package dev.lateen.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.mesh.rules.Hosts;
import dev.lateen.mesh.rules.Visibility;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HostsTest {
    @ParameterizedTest
    @CsvSource({
        "web, web.shop.svc.cluster.local",
        "Web, web.shop.svc.cluster.local",
        "web.shop, web.shop",
        "web.shop.svc.cluster.local, web.shop.svc.cluster.local",
        "*, *",
        "*.org, *.org",
        "API.Example.org, api.example.org",
        "::1, ::1"
    })
    void resolves(String host, String full) {
        assertThat(Hosts.resolve(host, "shop", "cluster.local")).isEqualTo(full);
    }

    @ParameterizedTest
    @CsvSource({
        "a.org, a.org, true",
        "a.org, b.org, false",
        "*, a.org, true",
        "*.org, a.org, true",
        "*.org, b.a.org, true",
        "*.org, org, false",
        "*.org, aorg, false",
        "*-x.org, a-x.org, true",
        "*-x.org, a.b-x.org, true",
        "*-x.org, -x.org, false",
        "*-x.org, x.org, false",
        "*.org, *-x.org, true",
        "*-x.org, *.a-x.org, true",
        "*-x.org, *.x.org, false",
        "*.a.org, *.b.a.org, true",
        "*.b.a.org, *.a.org, false"
    })
    void covers(String pattern, String host, boolean covered) {
        assertThat(Hosts.covers(pattern, host)).isEqualTo(covered);
    }

    /** Who looks, the object's exportTo and namespace. */
    @ParameterizedTest
    @CsvSource({
        "a, '', b, true",
        "a, *, b, true",
        "a, ., a, true",
        "a, ., b, false",
        "a, a, b, true",
        "a, c, b, false",
        "a, c a, b, true",
        "a, ~, a, false"
    })
    void sees(String viewer, String exportTo, String owner, boolean seen) {
        List<String> to = exportTo.isEmpty() ? List.of() : List.of(exportTo.split(" "));
        assertThat(Visibility.sees(viewer, to, owner)).isEqualTo(seen);
    }
}
