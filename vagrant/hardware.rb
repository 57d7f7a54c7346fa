# frozen_string_literal: true

require_relative 'failure'

module TheAPP
  # Whether this computer can run virtual machines at all. Linux on a PC says so; elsewhere the provider does.
  module Hardware
    ADVICE = 'switch VT-x (AMD-V, SVM) on in the firmware of this computer; in a virtual machine: let it be nested'
    EMULATED = 'without it libvirt can emulate, which is slow: THEAPP_LIBVIRT_DRIVER=qemu'

    def self.require_virtualisation(machine)
      provider = machine.provider_name
      emulates = provider == :libvirt && machine.provider_config.driver == 'qemu'
      return if emulates || !%i[virtualbox libvirt].include?(provider) || virtualises?

      todo = provider == :libvirt ? "#{ADVICE}\n  → #{EMULATED}" : ADVICE
      raise Failure.new("#{machine.name}: the processor of this computer offers no virtualisation", todo)
    end

    # The kernel takes the flag away when the firmware has switched it off.
    def self.virtualises?(cpuinfo = '/proc/cpuinfo')
      flags = File.read(cpuinfo)[/^flags\s*:(.*)$/, 1]
      flags.nil? || (flags.split & %w[vmx svm]).any?
    rescue SystemCallError
      true
    end

    private_class_method :virtualises?
  end
end
