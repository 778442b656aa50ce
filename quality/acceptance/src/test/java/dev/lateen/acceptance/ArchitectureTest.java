package dev.lateen.acceptance;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who may import whom: the table of ARCHITECTURE.md, held as a test. */
final class ArchitectureTest {
    private static final JavaClasses PRODUCT = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.lateen");

    @ParameterizedTest(name = "{0} imports at most: {1}")
    @CsvSource(delimiter = '|', textBlock = """
                    config    | ''
                    mesh      | config
                    proxycore | ''
                    analysis  | config mesh proxycore
                    xds       | ''
                    control   | config mesh analysis xds
                    proxy     | proxycore xds
                    cluster   | config
                    samples   | ''
                    demo      | config
                    telemetry | ''
                    console   | config analysis telemetry
                    ops       | config analysis telemetry xds
                    cli       | config mesh proxycore analysis xds control proxy cluster samples demo telemetry console ops
                    junit     | config mesh proxycore analysis
                    bench     | config mesh proxycore analysis xds control proxy cluster samples demo telemetry console ops junit
                    """)
    void modules(String module, String mayImport) {
        List<String> allowed = new ArrayList<>(List.of("dev.lateen." + module + ".."));
        Arrays.stream(mayImport.split(" "))
                .filter(name -> !name.isEmpty())
                .forEach(name -> allowed.add("dev.lateen." + name + ".."));
        classes()
                .that()
                .resideInAPackage("dev.lateen." + module + "..")
                .should()
                .onlyDependOnClassesThat(
                        resideInAnyPackage(allowed.toArray(String[]::new)).or(not(resideInAPackage("dev.lateen.."))))
                .allowEmptyShould(true)
                .check(PRODUCT);
    }

    @Test
    void pureModulesDoNoInputOrOutput() {
        noClasses()
                .that()
                .resideInAnyPackage(
                        "dev.lateen.config..", "dev.lateen.mesh..", "dev.lateen.proxycore..", "dev.lateen.analysis..")
                .should()
                .dependOnClassesThat(resideInAnyPackage(
                                "java.net.http..",
                                "java.nio.channels..",
                                "io.netty..",
                                "io.grpc..",
                                "java.lang.foreign..")
                        .or(com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo(Thread.class)))
                .because("what decides has no IO and no threads, so that it can be tested, explained and fuzzed")
                .check(PRODUCT);
    }

    @Test
    void streamsAreVersionNeutral() {
        noClasses()
                .that()
                .resideInAPackage("dev.lateen.proxy..")
                .and()
                .resideOutsideOfPackages("dev.lateen.proxy.codec..", "dev.lateen.proxy.admin..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.netty.handler.codec.http..", "io.netty.handler.codec.http2..")
                .because("HTTP/1.1 is one codec, HTTP/2 the next; filters and pools see heads, data and trailers")
                .allowEmptyShould(true)
                .check(PRODUCT);
    }

    @Test
    void controllersAndNodeAreClientsOfTheApi() {
        noClasses()
                .that()
                .resideInAnyPackage(
                        "dev.lateen.cluster.controller..",
                        "dev.lateen.cluster.node..",
                        "dev.lateen.cluster.dns..",
                        "dev.lateen.cluster.network..",
                        "dev.lateen.cluster.image..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.lateen.cluster.store..", "dev.lateen.cluster.api..")
                .because("each of them must also run against a real kube-apiserver")
                .allowEmptyShould(true)
                .check(PRODUCT);
    }

    @Test
    void samplesUseTheJdkAlone() {
        classes()
                .that()
                .resideInAPackage("dev.lateen.samples..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "dev.lateen.samples..", "java..", "javax..", "com.sun.net.httpserver..", "org.jspecify..")
                .allowEmptyShould(true)
                .check(PRODUCT);
    }
}
