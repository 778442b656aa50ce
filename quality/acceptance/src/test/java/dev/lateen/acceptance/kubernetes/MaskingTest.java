package dev.lateen.acceptance.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class MaskingTest {
    private static final String TABLE = """
            Name:              web
            Events:
              Type     Reason                 Age   From                           Message
              ----     ------                 ----  ----                           -------
            """;
    private static final String REPAIR = """
              Warning  ClusterIPNotAllocated  5s    ipallocator-repair-controller  Cluster IP [IPv4]: 10.96.0.7 is not allocated; repairing
            """.indent(2);
    private static final String OTHER = """
              Normal   Type                   5s    service-controller             ClusterIP -> NodePort
            """.indent(2);

    @Test
    void repairsOfAddressesAreLeftOut_andATableOfNothingElse() {
        assertThat(Masking.lines(TABLE + REPAIR, false))
                .isEqualTo(Masking.lines("Name:              web\nEvents:            <none>\n", false));
        assertThat(Masking.lines(TABLE + REPAIR + OTHER, false)).isEqualTo(Masking.lines(TABLE + OTHER, false));
        assertThat(Masking.lines(TABLE + OTHER, false)).hasSize(5);
    }
}
