//! Which instructions to use.

use std::sync::OnceLock;

/// An instruction set that this processor has been seen to have: only [`Isa::available`] and [`Isa::detect`] give one
/// out, which is what makes calling its kernels sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Isa(pub(super) Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Plain Rust.
    Portable,
    /// AVX2, FMA and F16C.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX-512 F, BW, VL and VNNI.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Isa {
    /// The best set of this processor. The environment variable `VIDERE_ISA` (`portable`, `avx2`, `avx512`) asks for
    /// a lesser one; one that the processor lacks is not used.
    #[must_use]
    pub fn detect() -> Self {
        static DETECTED: OnceLock<Isa> = OnceLock::new();
        *DETECTED.get_or_init(|| {
            let available = Self::available();
            let wanted = std::env::var("VIDERE_ISA").ok();
            let chosen = available.iter().find(|isa| Some(isa.name()) == wanted.as_deref());
            chosen
                .or(available.last())
                .copied()
                .unwrap_or(Self(Kind::Portable))
        })
    }

    /// Every set that this processor has, the best one last.
    #[must_use]
    pub fn available() -> Vec<Self> {
        let mut available = vec![Self(Kind::Portable)];
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::is_x86_feature_detected as has;
            let avx2 = has!("avx2") && has!("fma") && has!("f16c");
            let avx512 = has!("avx512f") && has!("avx512bw") && has!("avx512vl") && has!("avx512vnni");
            if avx2 {
                available.push(Self(Kind::Avx2));
            }
            if avx2 && avx512 {
                available.push(Self(Kind::Avx512));
            }
        }
        available
    }

    /// What `VIDERE_ISA` calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self.0 {
            Kind::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => "avx512",
        }
    }
}
